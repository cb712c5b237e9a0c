import type { RecordedRequest } from './recording-proxy.ts';

/** A right that a request needs: an action of IAM on the bucket ("") or on a key of it. */
export interface NeededRight {
  readonly action: string;
  readonly key: string;
}

/** The rights that S3 asks for a request, as its API reference lists them under "Permissions". */
export function rightsFor({ method, url, headers, body }: RecordedRequest): NeededRight[] {
  const [, , ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  const has = (parameter: string): boolean => url.searchParams.has(parameter);
  const on = (action: string, of = key): NeededRight => ({ action: `s3:${action}`, key: of });
  const tagging = headers['x-amz-tagging'] === undefined ? [] : [on('PutObjectTagging')];

  if (key === '') {
    if (has('delete')) return [...body.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, removed = '']) => on('DeleteObject', removed));
    return [on(has('uploads') ? 'ListBucketMultipartUploads' : 'ListBucket')];
  }
  switch (method) {
    case 'HEAD':
    case 'GET':
      if (has('uploadId')) return [on('ListMultipartUploadParts')];
      // a key that is not there is told from one that is forbidden only to who may list
      return [on(has('versionId') ? 'GetObjectVersion' : 'GetObject'), on('ListBucket', '')];
    case 'DELETE':
      return [on(has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject')];
    default:
      return [on('PutObject'), ...tagging, ...copied(String(headers['x-amz-copy-source'] ?? ''))];
  }
}

function copied(source: string): NeededRight[] {
  if (source === '') return [];
  const [path = '', version] = source.split('?');
  const key = decodeURIComponent(path.replace(/^\//, '').split('/').slice(1).join('/'));
  return [{ action: version === undefined ? 's3:GetObject' : 's3:GetObjectVersion', key }];
}
