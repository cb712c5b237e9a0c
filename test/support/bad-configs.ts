import { RECIPIENT } from './sources.ts';

/** What must never be seen again in a message. */
export const SECRETS = ['hunter2', 'AGE-SECRET-KEY', 'BEGIN OPENSSH'] as const;

const GOOD = `connections:
  main: { secret: prod/main }
sources:
  - id: app
    database: app
    connection: main
`;

/** The good file with more lines of its own. */
const file = (lines: string): string => `${GOOD}${lines}\n`;

/** The good file with fields of another source, one a line. */
const source = (fields: string): string => `${GOOD}  - ${fields.trim().replaceAll('\n', '\n    ')}\n`;

/** The same where the source lies on a volume, and there is somebody to encrypt to. */
const onVolume = (fields: string): string =>
  `volumes:\n  media: { fileSystemId: fs-0a1b2c3d, accessPointId: fsap-0a1b2c3d }\nencryption: { recipients: [${RECIPIENT}] }\n${source(fields)}`;

/** The good file with other fields of its connection. */
const connection = (fields: string): string => GOOD.replace('secret: prod/main', fields);

/** Files that people write by mistake, by what is wrong with them. */
export const BAD_CONFIGS: Readonly<Record<string, string>> = {
  // YAML
  'an empty file': '',
  'comments only': '# to do\n',
  'a list in place of a map': '- id: app\n',
  'a tab that indents': 'connections:\n\tmain: { secret: prod/main }\n',
  'a key that is written twice': file('name: one\nname: two'),
  'a quote that is never closed': file('name: "backup'),
  'a bracket that is never closed': file('notify: { email: [ops@example.org }'),
  'a colon without a space after it': file('weeklyDay:SUN'),
  'a colon inside of a value': file('name: backup: nightly'),
  'a list entry that is indented too little': `${GOOD} - id: wiki\n   database: wiki\n`,
  'a key that is indented too much': 'connections:\n  main: { secret: a }\n   other: { secret: b }\n',
  'a key of a source that has lost its indentation': `${GOOD}compression: none\n`,
  'keys of a schedule that have lost their indentation': file('schedule:\ncron: "0 2 * * *"'),
  'sources without dashes': 'connections:\n  main: { secret: a }\nsources:\n  id: app\n  database: app\n',
  'a pattern that begins with a star': source('id: wiki\ndatabase: wiki\nconnection: main\nexclude: [*_log]'),
  'a cron expression that begins with a star': file('schedule: { cron: */5 * * * * }'),
  'a pattern that begins with an exclamation mark': onVolume('id: media\nkind: files\nvolume: media\nexclude: [!keep]'),
  'a text that begins with an at sign': connection('secret: @prod'),
  'a backslash in double quotes': onVolume('id: media\nkind: files\nvolume: media\nfolder: "uploads\\2026"'),
  'an anchor that is below its alias': 'keep: *long\nother: &long { daily: 7d }\n',
  'a map that merges itself': 'keep: &k\n  <<: *k\n',
  'a merge of something that is no map': file('keep: { <<: 7d, daily: 7d }'),
  'a second document': `${GOOD}---\nname: other\n`,

  // types
  'yes for true': source('id: wiki\ndatabase: wiki\nconnection: main\nenabled: yes'),
  'off for false': file('schedule: { enabled: off }'),
  'no as a mode of TLS': connection('secret: prod/main, sslMode: no'),
  'a number as an id': source('id: 2026\ndatabase: wiki\nconnection: main'),
  'a number as a database': source('id: wiki\ndatabase: 007\nconnection: main'),
  'an account whose zeros are gone': file('offsite: { region: eu-west-1, bucketName: my-copies, account: 012345678901 }'),
  'a number in quotes': file('maxConcurrency: "4"'),
  'a key without a value': source('id:\ndatabase: wiki\nconnection: main'),
  'sources without a value': 'connections:\n  main: { secret: a }\nsources:\n',
  'no sources': 'connections:\n  main: { secret: a }\nsources: []\n',
  'nothing but a name': 'name: backup\n',
  'a text in place of a map': file('keep: 7d'),
  'a text in place of a list': file('notify: { email: ops@example.org }'),
  'a size without a unit': source('id: wiki\ndatabase: wiki\nconnection: main\nminSize: 100'),
  'a duration in words': source('id: wiki\ndatabase: wiki\nconnection: main\nlimits: { lockWait: 5 minutes }'),
  'a duration without a unit': file('limits: { noProgress: 900 }'),
  'a deadline beyond the end of the night': file('limits: { deadline: 12h }'),
  'a misspelt key deep in a source': source('id: wiki\ndatabase: wiki\nconnection: main\nlimits: { lockwait: 5m }'),

  // rules, times, places
  'a keep rule in words': file('keep: { daily: 7 days }'),
  'a keep rule of nothing': file('keep: { daily: 0 }'),
  'keep rules without dailies': file('keep: { weekly: 4w }'),
  'a tier that does not exist': file('keep: { daily: 7d, hourly: 24 }'),
  'a cron expression of six fields': file('schedule: { cron: "0 0 2 * * *" }'),
  'a cron expression that never fires': file('schedule: { cron: "0 2 30 2 *" }'),
  'a time zone that is an offset': file('schedule: { timeZone: "+02:00" }'),
  'a weekday in words': file('weeklyDay: Sunday'),
  'an address that is none': file('notify: { email: [ops] }'),
  'a stack name with spaces': file('name: my backups'),
  'a range of public addresses': file('network: { mode: nat, cidr: 172.15.0.0/24 }'),
  'an existing network without subnets': file('network: { mode: existing, vpcId: vpc-0a1b2c3d }'),
  'a subnet in place of a network': file('network: { mode: existing, vpcId: subnet-0a1b2c3d, subnetIds: [subnet-0a1b2c3d] }'),
  'a region by its name': file('offsite: { region: Ireland, bucketName: my-copies }'),
  'a bucket in capitals': file('offsite: { region: eu-west-1, bucketName: My_Copies }'),
  'a lock of hours': file('objectLock: { mode: governance, keep: 36h }'),
  'a lock without a mode': file('objectLock: { keep: 30d }'),

  // kinds
  'a kind that is misspelt': onVolume('id: media\nkind: file\nvolume: media'),
  'a kind in capitals': onVolume('id: media\nkind: Files\nvolume: media'),
  'a kind that does not exist': source('id: wiki\nkind: mysql\ndatabase: wiki\nconnection: main'),
  'a single dated folder': onVolume('id: media\nkind: datedFolder\nvolume: media'),
  'files in a database': source('id: wiki\ndatabase: wiki\nconnection: main\nroots: [uploads]'),
  'a database in files': onVolume('id: media\nkind: files\nvolume: media\ndatabase: media'),
  'a database on a server that is dumped whole': source('id: all\nkind: server\nconnection: main\ndatabase: wiki'),
  'tables left out of globals': source('id: roles\nkind: globals\nconnection: main\nexclude: [audit]'),
  'keep rules of dated folders': onVolume('id: media\nkind: datedFolders\nvolume: media\nkeep: { daily: 7d }'),
  'a configuration without files': onVolume('id: env\nkind: config\nvolume: media'),
  'a configuration that is not encrypted': onVolume('id: env\nkind: config\nvolume: media\nfiles: [.env]\nencrypt: false'),
  'a configuration with nobody to encrypt to': `volumes: { media: { fileSystemId: fs-0a1b2c3d, accessPointId: fsap-0a1b2c3d } }\n${source('id: env\nkind: config\nvolume: media\nfiles: [.env]')}`,
  'encryption with nobody to encrypt to': source('id: wiki\ndatabase: wiki\nconnection: main\nencrypt: true'),

  // names
  'an id that is used twice': source('id: app\ndatabase: wiki\nconnection: main'),
  'an id in capitals': source('id: Wiki\ndatabase: wiki\nconnection: main'),
  'an id that leaves its folder': source('id: ../wiki\ndatabase: wiki\nconnection: main'),
  'an id that is taken': source('id: sweep\ndatabase: wiki\nconnection: main'),
  'an id of a database that a server may have': source('id: all-wiki\ndatabase: wiki\nconnection: main\n').concat(
    '  - { id: all, kind: server, connection: main }\n',
  ),
  'an id of a dated folder': onVolume('id: media_2026-04-15\nkind: files\nvolume: media').concat(
    '  - { id: media, kind: datedFolders, volume: media }\n',
  ),
  'a connection that is not there': source('id: wiki\ndatabase: wiki\nconnection: mian'),
  'a volume that is not there': source('id: media\nkind: files\nvolume: media'),
  'a schedule that is not there': source('id: wiki\ndatabase: wiki\nconnection: main\nschedule: sundays'),
  'a second nightly schedule': file('schedules: { nightly: { cron: "0 3 * * *" } }'),
  'a schedule for runs by hand': file('schedules: { manual: { cron: "0 3 * * *" } }'),
  'a schedule with a space in its name': file('schedules: { "media sundays": { cron: "0 3 * * 0" } }'),
  'a connection with a name in capitals': GOOD.replaceAll('main:', 'Main:'),

  // paths
  'an absolute path': onVolume('id: media\nkind: files\nvolume: media\nroots: [/srv/media]'),
  'an absolute folder': onVolume('id: media\nkind: datedFolders\nvolume: media\nfolder: /srv/media'),
  'a path that leaves its folder': onVolume('id: env\nkind: config\nvolume: media\nfiles: [app/../../.env]'),
  'a path of two lines': onVolume('id: media\nkind: files\nvolume: media\nroots: ["a\\nb"]'),
  'no roots': onVolume('id: media\nkind: files\nvolume: media\nroots: []'),
  'an access point in place of a file system': file(
    'volumes: { media: { fileSystemId: fsap-0a1b2c3d, accessPointId: fsap-0a1b2c3d } }',
  ),

  // storage classes
  'a storage class that must be thawed': file('storageClass: { yearly: DEEP_ARCHIVE }'),
  'a storage class of dailies': file('storageClass: { daily: STANDARD_IA }'),
  'a storage class for longer than copies are kept': file('storageClass: { weekly: STANDARD_IA }'),
  'a storage class of one source for longer than its copies are kept': source(
    'id: wiki\ndatabase: wiki\nconnection: main\nstorageClass: { monthly: GLACIER_IR }\nkeep: { daily: 7d, monthly: 2 }',
  ),
  'copies of one source that are kept too short for the storage class of all': file(
    'storageClass: { monthly: GLACIER_IR }\nkeep: { daily: 7d, monthly: 12mo }',
  ).replace('connection: main', 'connection: main\n    keep: { daily: 7d, monthly: 2mo }'),

  // secrets and logins
  'a password in a connection': connection('secret: prod/main, password: hunter2'),
  'a password in a source': source('id: wiki\ndatabase: wiki\nconnection: main\npassword: hunter2'),
  'a connection string in place of a secret': connection('secret: "postgres://app:hunter2@db/app"'),
  'a connection string in place of a connection': source('id: wiki\ndatabase: wiki\nconnection: "postgres://app:hunter2@db/app"'),
  'a login in a host': connection('secret: prod/main, host: "app:hunter2@db"'),
  'a port in a host': connection('secret: prod/main, host: "db.internal:5432"'),
  'a port that is none': connection('secret: prod/main, port: 99999'),
  'no login': connection('host: db.internal'),
  'IAM without a user': connection('auth: iam, host: db.internal'),
  'a secret key as a recipient': file(`encryption: { recipients: [AGE-SECRET-KEY-1${'Q'.repeat(58)}] }`),
  'one secret key in place of recipients': file(`encryption: { recipients: AGE-SECRET-KEY-1${'Q'.repeat(58)} }`),
  'a secret key under a name of its own': file(
    `encryption: { recipients: [${RECIPIENT}], identity: AGE-SECRET-KEY-1${'Q'.repeat(58)} }`,
  ),
  'a secret key in place of a key': file(`encryption: { AGE-SECRET-KEY-1${'Q'.repeat(58)} }`),
  'a recipient with a wrong letter': file(`encryption: { recipients: [${RECIPIENT.replace('l3', 'l4')}] }`),
  'a key of SSH as a recipient': file('encryption: { recipients: ["-----BEGIN OPENSSH PRIVATE KEY-----"] }'),

  'several mistakes at once': `nam: backup\n${GOOD.replace('secret:', 'secrte:')}weeklyDay: X\nkeep: { daily: 7 days }\n`,
};
