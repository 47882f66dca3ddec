// What the outside world has to say: alert bodies as Prometheus' Alertmanager posts them.

const NEVER = '0001-01-01T00:00:00Z';

export const ALERTS = [
  {
    id: 'checkout',
    title: 'Checkout returns 500 for card payments',
    detail: '5xx ratio of checkout is 31 % over five minutes',
    severity: 'critical',
    fingerprint: '5cf2b1a0c9de4471',
    labels: { alertname: 'CheckoutErrors', cluster: 'eu-1', env: 'production', job: 'checkout', tenant: 'all', route: '/checkout/pay' },
    annotations: { impact: 'all customers paying by card, EU and US', runbook_url: 'https://runbooks.example.com/checkout-errors' },
  },
  {
    id: 'disk',
    title: 'Disk of db-2 is full in four hours',
    detail: '/var/lib/postgresql is at 91 % and grows by 2 % an hour',
    severity: 'warning',
    fingerprint: 'b87d03c2a4f06b19',
    labels: { alertname: 'DiskFilling', cluster: 'eu-1', env: 'production', job: 'node', instance: 'db-2:9100' },
    annotations: { runbook_url: 'https://runbooks.example.com/disk-filling' },
  },
  {
    id: 'uptime',
    title: 'Uptime probe of www.example.com fails',
    detail: 'three of three regions get no answer within 10 s',
    severity: 'critical',
    fingerprint: '0d6e9f5587c14a2e',
    labels: { alertname: 'ProbeDown', env: 'production', job: 'blackbox', instance: 'https://www.example.com' },
    annotations: { impact: 'visitors of the public site', runbook_url: 'https://runbooks.example.com/probe-down' },
  },
];

/** The body for an alert that fires since `startsAt`, or that is over at `endsAt`. */
export function alertBody(alert, startsAt, endsAt = null) {
  const status = endsAt === null ? 'firing' : 'resolved';
  const labels = { ...alert.labels, severity: alert.severity };
  const annotations = { summary: alert.title, description: alert.detail, ...alert.annotations };
  const group = { alertname: labels.alertname };
  return {
    version: '4',
    receiver: 'muster',
    status,
    groupKey: `{}:{alertname="${labels.alertname}"}`,
    truncatedAlerts: 0,
    groupLabels: group,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'https://alertmanager.example.com',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt,
        endsAt: endsAt ?? NEVER,
        generatorURL: `https://prometheus.example.com/graph?g0.expr=${labels.alertname}&g0.tab=1`,
        fingerprint: alert.fingerprint,
      },
    ],
  };
}
