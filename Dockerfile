# One image for every service of compose.yaml: our programs, Node 26, etcd, containerd with what a node needs beside it.
# Built from Debian packages and npm's lockfile. Next: compose.yaml says which program each service runs.
FROM debian:bookworm-slim AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libatomic1 npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/bootstrap.mjs scripts/
# Node 26 from npm, then with it the packages of the lockfile: the very steps of `npm start`.
RUN node --input-type=module -e "import { prepare } from './scripts/bootstrap.mjs'; await prepare()" \
 && mkdir bin && mv node_modules/node-linux-*/bin/node bin/ && rm -rf node_modules/node-*

FROM debian:bookworm-slim
# catatonit: PID 1 of each container here, and of each pod.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates catatonit conntrack containerd containernetworking-plugins etcd-client etcd-server \
      iproute2 iptables libatomic1 runc \
 && rm -rf /var/lib/apt/lists/*
COPY --from=packages /app/bin/node /usr/local/bin/node
COPY --from=packages /app/node_modules /app/node_modules
COPY . /app
WORKDIR /app
# The image of the container that holds a pod's namespaces; the node hands it to its containerd.
RUN mkdir -p /tmp/pause/bin /opt/mini-k8s/images \
 && cp /usr/bin/catatonit /tmp/pause/bin/ \
 && node compose/imageArchive.ts /opt/mini-k8s/images/pause.tar mini-k8s.io/pause:1 /tmp/pause /bin/catatonit -P \
 && rm -rf /tmp/pause
# Threads that take turns need no heap each.
ENV MALLOC_ARENA_MAX=1
ENV ETCDCTL_API=3
ENTRYPOINT ["catatonit", "--"]
