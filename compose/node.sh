#!/bin/sh
# Makes a container into a machine that can run containers itself: kernel settings, DNS for pods, cgroups; then node.ts.
# Needs CAP_SYS_ADMIN, CAP_NET_ADMIN and no seccomp or AppArmor profile; see compose.yaml. Next: cgroups.sh, node.ts.
set -eu
cd /app
for folder in /proc/sys /sys; do mount -o remount,bind,rw "$folder"; done
# What the kubelet mounts is seen by the containers that containerd starts, and the other way round where a pod asks for it.
mount --make-rshared /
mkdir -p /run/netns /run/lock

# Docker's resolver listens on 127.0.0.11, which in a pod is the pod itself. Pods ask a link-local address instead, and get there.
docker=127.0.0.11 pods=169.254.20.10
rules() { iptables-save -t nat | sed -n "s#^-A DOCKER_OUTPUT -d $docker/32 #-A $1 -d $pods/32 #p"; }
{ echo '*nat'; rules PREROUTING; rules OUTPUT; echo COMMIT; } | iptables-restore --noflush
sed "s/$docker/$pods/" /etc/resolv.conf >/run/pods-resolv.conf

exec unshare --cgroup sh -c 'compose/cgroups.sh && exec node compose/node.ts "$@"' sh "$@"
