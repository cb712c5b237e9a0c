import { UploadPartCommand, type UploadPartCommandInput } from '@aws-sdk/client-s3';

/** The header by which a request says what of its body is signed. */
const BODY_DIGEST = 'x-amz-content-sha256';

/**
 * A request for one part whose body is left out of the signature. Signing it takes a SHA-256 of every byte, here and again in
 * the store. Nothing is lost by that: the CRC32 of the part is a signed header, and the store refuses a body that differs.
 */
export function uploadPart(input: UploadPartCommandInput & { readonly ChecksumCRC32: string }): UploadPartCommand {
  const command = new UploadPartCommand(input);
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers[BODY_DIGEST] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'unsignedBody' },
  );
  return command;
}
