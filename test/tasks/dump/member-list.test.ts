import { expect, it, vi } from 'vitest';
import { SpooledPart } from '../../../lib/runtime/upload/spooled-part.ts';
import { MemberList } from '../../../tasks/dump/member-list.ts';

it('says that the disk is full, and not that its compressor was closed', async () => {
  const full = Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });
  const write = vi.spyOn(SpooledPart.prototype, 'write').mockRejectedValue(full);
  const list = await MemberList.open();
  try {
    const lines = Array.from({ length: 2_000 }, () => `${crypto.randomUUID()}\n`).join('');
    const writing = async (): Promise<void> => {
      for (let n = 0; n < 200; n++) await list.write(lines);
    };
    await expect(writing()).rejects.toBe(full);
  } finally {
    write.mockRestore();
    await list.release();
  }
});
