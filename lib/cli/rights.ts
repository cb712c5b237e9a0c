/** What an operator's role needs on AWS, by command. */
export const RIGHTS: readonly { readonly commands: string; readonly actions: readonly string[]; readonly on: string }[] = [
  { commands: 'all', actions: ['cloudformation:DescribeStacks'], on: 'the stack' },
  { commands: 'all', actions: ['s3:ListBucket'], on: 'the vault' },
  { commands: 'all', actions: ['s3:GetObject'], on: 'the vault, `runs/*` and `*.manifest.json`' },
  {
    commands: '`show <key>`',
    actions: ['s3:GetObject'],
    on: 'the vault, the backup itself (only its size and checksum are asked)',
  },
  { commands: 'all', actions: ['kms:Decrypt'], on: 'the key of the stack' },
  { commands: '`run`', actions: ['states:StartExecution'], on: 'the state machine' },
  { commands: '`run`', actions: ['states:DescribeExecution'], on: 'its executions' },
];
