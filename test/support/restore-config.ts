/** A configuration whose target has all that can stand around a restore. */
export const RESTORE_CONFIG = `
name: restoring
connections:
  main: { secret: db/main, sslMode: disable }
  iam: { host: db.example.com, user: restorer, auth: iam }
volumes:
  media: { fileSystemId: fs-0a1b2c3d4e5f60001, accessPointId: fsap-0a1b2c3d4e5f60001 }
keep: { daily: 7d }
restore:
  identity: age/identity
  targets:
    web:
      connection: main
      volume: media
      production: true
      services:
        - { cluster: apps, service: web }
        - { cluster: apps, service: worker }
      after:
        task:
          cluster: apps
          taskDefinition: app-migrate
          container: app
          command: [python, manage.py, migrate]
          roleArns: ["arn:aws:iam::123456789012:role/app"]
          within: 10m
        probe: { url: "http://app.internal/health", within: 2m }
sources:
  - { id: shop, kind: database, database: shop, connection: main }
  - { id: pictures, kind: files, volume: media, roots: ["."] }
`;
