import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

/** Addresses of objects of a bucket, signed with the rights of whoever signs. */
export class Presigner {
  readonly #s3: S3Client;
  readonly #bucket: string;

  /** The client must add no checksum by itself: it would be that of an empty body. */
  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  read(key: string, seconds: number): Promise<string> {
    return getSignedUrl(this.#s3, new GetObjectCommand({ Bucket: this.#bucket, Key: key }), { expiresIn: seconds });
  }

  /** The condition is signed as well: without the header `If-None-Match: *` the address is worth nothing. */
  writeOnce(key: string, seconds: number): Promise<string> {
    const put = new PutObjectCommand({ Bucket: this.#bucket, Key: key, IfNoneMatch: '*' });
    return getSignedUrl(this.#s3, put, { expiresIn: seconds, unhoistableHeaders: new Set(['if-none-match']) });
  }
}
