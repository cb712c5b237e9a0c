/** What an operator's role needs on AWS, by command. */
export const RIGHTS: readonly { readonly commands: string; readonly actions: readonly string[]; readonly on: string }[] = [
  { commands: 'all', actions: ['cloudformation:DescribeStacks'], on: 'the stack' },
  { commands: 'all', actions: ['s3:ListBucket'], on: 'the vault' },
  {
    commands: 'all',
    actions: ['s3:GetObject'],
    on: 'the vault, `runs/*`, `restores/*`, `drills/*`, `*.manifest.json` and `*.damaged.json`',
  },
  {
    commands: '`show <key>`, `download`, `restore`',
    actions: ['s3:GetObject'],
    on: 'the vault, the backup itself (`show` and `restore` ask only its size and checksum; `restore --to` reads it)',
  },
  {
    commands: '`verify`',
    actions: ['s3:GetObject', 's3:GetObjectVersion'],
    on: 'the vault, the backups themselves and their lists of members',
  },
  { commands: '`verify`', actions: ['s3:PutObject', 'kms:GenerateDataKey'], on: 'the vault, `*.damaged.json`; it does without' },
  { commands: 'all', actions: ['kms:Decrypt'], on: 'the key of the stack' },
  { commands: '`status`, `doctor`', actions: ['cloudformation:ListStackResources'], on: 'the stack' },
  { commands: '`status`, `doctor`', actions: ['scheduler:GetSchedule'], on: 'its schedules' },
  { commands: '`status`', actions: ['states:ListExecutions'], on: 'the state machine' },
  { commands: '`status`', actions: ['cloudwatch:DescribeAlarms'], on: 'its alarms' },
  { commands: '`doctor`', actions: ['states:DescribeStateMachine'], on: 'the state machine' },
  { commands: '`doctor`', actions: ['sqs:GetQueueAttributes'], on: 'its queue of dead letters' },
  { commands: '`doctor`', actions: ['sns:ListSubscriptionsByTopic'], on: 'its topic' },
  { commands: '`doctor`', actions: ['s3:GetBucketVersioning'], on: 'the vault' },
  {
    commands: '`doctor`',
    actions: ['secretsmanager:DescribeSecret'],
    on: 'the secrets that sources name; no right to read them',
  },
  { commands: '`run`', actions: ['states:StartExecution'], on: 'the state machine' },
  { commands: '`run`', actions: ['states:DescribeExecution'], on: 'its executions' },
  { commands: '`restore`, `drill`', actions: ['states:StartExecution'], on: 'the state machine of that name' },
  {
    commands: '`restore`, `drill`, `show` of one (it does without)',
    actions: ['states:DescribeExecution'],
    on: 'its executions',
  },
];
