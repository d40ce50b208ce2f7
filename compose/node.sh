#!/bin/sh
# Makes a container into a machine that can run containers itself: kernel settings and cgroups that can be written, then node.ts.
# Needs CAP_SYS_ADMIN and no seccomp or AppArmor profile; see compose.yaml. Next: cgroups.sh, node.ts.
set -eu
cd /app
for folder in /proc/sys /sys; do mount -o remount,bind,rw "$folder"; done
# What the kubelet mounts is seen by the containers that containerd starts, and the other way round where a pod asks for it.
mount --make-rshared /
mkdir -p /run/netns /run/lock
exec unshare --cgroup sh -c 'compose/cgroups.sh && exec node compose/node.ts "$@"' sh "$@"
