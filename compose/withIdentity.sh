#!/bin/sh
# Becomes one of our programs once the setup service has laid this service's keys into /identity.
# Used by: compose.yaml, for all but etcd, setup and the nodes.
until [ -e /identity/ready ]; do sleep 0.2; done
exec node "$@"
