#!/bin/sh
# Mounts cgroups that can be written at /sys/fs/cgroup, version 1 or 2, rooted at the cgroup namespace that this runs in.
# Started behind `unshare --cgroup` with CAP_SYS_ADMIN: what a runtime inside makes then lies below the cgroup outside, and goes with it.
# Used by: node.sh. Changes only its own mount namespace and cgroup.
set -eu
cd /

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  # The kernel mounts nothing over itself, and what is there may be read-only.
  umount -l /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # A cgroup that holds processes cannot hand controllers on, so the processes move one level down.
  mkdir -p /sys/fs/cgroup/init
  for pid in $(cat /sys/fs/cgroup/cgroup.procs); do
    echo "$pid" 2>/dev/null >/sys/fs/cgroup/init/cgroup.procs || true
  done
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || echo "cgroups.sh: no $controller controller for pods" >&2
  done
  exit 0
fi

mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
while IFS=: read -r _ controllers _; do
  [ -n "$controllers" ] || continue
  folder=/sys/fs/cgroup/${controllers#name=}
  mkdir -p "$folder"
  mount -t cgroup -o "$controllers" cgroup "$folder"
  # Several in one hierarchy are found by each of their names.
  case $controllers in
  *,*) for one in $(echo "$controllers" | tr , ' '); do ln -sfn "$folder" "/sys/fs/cgroup/$one"; done ;;
  esac
done </proc/self/cgroup
