import { GetObjectCommand, type GetObjectCommandInput } from '@aws-sdk/client-s3';

/**
 * A GetObject that hands over every byte that the store sends. The SDK would compare a body with the store's checksum, and where
 * they differ end it with an error that has no type of its own, before its last bytes are out: whoever hashes what he reads could
 * not tell a rotten object from a broken connection (client-s3 3.1169, 2026-11).
 */
export function plainRead(input: Omit<GetObjectCommandInput, 'ChecksumMode'>): GetObjectCommand {
  const command = new GetObjectCommand(input);
  command.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, ChecksumMode: undefined } }), {
    // after the SDK has set it, and before it looks at the answer
    step: 'finalizeRequest',
    name: 'plainRead',
  });
  return command;
}
