// The pod of the API rows: 1.5 KB as sent, 3.6 KB with defaults and managedFields. `NAME` stands where the name goes.

export const podTemplate = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'NAME',
    labels: { app: 'web', tier: 'front', 'pod-template-hash': '5d8f7c9b6' },
    annotations: { 'example.com/checksum': '3c6e0b8a9c15224a8228b9a98ca1531d' },
  },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'registry.example/web:1.2.3',
        imagePullPolicy: 'IfNotPresent',
        args: ['--listen=:8080', '--log=json'],
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
          { name: 'LEVEL', value: 'info' },
        ],
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
        readinessProbe: {
          httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
          periodSeconds: 10,
          timeoutSeconds: 1,
        },
        volumeMounts: [
          { name: 'cfg', mountPath: '/etc/web' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'cfg', configMap: { name: 'web', defaultMode: 420 } },
      { name: 'tmp', emptyDir: {} },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    schedulerName: 'bench-none',
  },
});
