import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TreeMember } from '../../lib/domain/backup/tree-contents.ts';
import { toolchain } from './toolchain.ts';

const run = promisify(execFile);

/** Both lists have the form of a list of members. Python writes a byte of a name that is no UTF-8 as the product does. */
const SCRIPT = `
import hashlib, json, os, stat, sys, tarfile

def seconds(ns):
    text = f"{'-' if ns < 0 else ''}{abs(ns) // 10**9}.{abs(ns) % 10**9:09d}"
    return text.rstrip('0').rstrip('.')

def on_disk(top):
    firsts = {}
    def member(path, place):
        s = os.lstat(place)
        m = {'path': path, 'mode': f'{stat.S_IMODE(s.st_mode):04o}', 'mtime': seconds(s.st_mtime_ns)}
        first = firsts.setdefault((s.st_dev, s.st_ino), path)
        if stat.S_ISDIR(s.st_mode): m['type'] = 'directory'
        elif first != path: m.update(type='hardlink', linkTarget=first)
        elif stat.S_ISREG(s.st_mode):
            with open(place, 'rb') as f: m.update(type='file', bytes=s.st_size, sha256=hashlib.sha256(f.read()).hexdigest())
        elif stat.S_ISLNK(s.st_mode): m.update(type='symlink', linkTarget=os.readlink(place))
        elif stat.S_ISSOCK(s.st_mode): return []
        else: m['type'] = 'other'
        return [m]
    def below(path, place):
        found = member(path, place)
        if found and found[0]['type'] == 'directory':
            for name in sorted(os.listdir(place), key=os.fsencode):
                found += below(name if path == '.' else f'{path}/{name}', f'{place}/{name}')
        return found
    return below('.', top)

def in_tar(file):
    found = []
    with tarfile.open(file) as tar:
        for t in tar:
            m = {'path': t.name, 'mode': f'{t.mode:04o}', 'mtime': t.pax_headers.get('mtime', str(int(t.mtime))).rstrip('0') if '.' in t.pax_headers.get('mtime', '') else str(int(t.mtime))}
            m['mtime'] = m['mtime'].rstrip('.')
            if t.isdir(): m['type'] = 'directory'
            elif t.islnk(): m.update(type='hardlink', linkTarget=t.linkname)
            elif t.issym(): m.update(type='symlink', linkTarget=t.linkname)
            elif t.isreg(): m.update(type='file', bytes=t.size, sha256=hashlib.sha256(tar.extractfile(t).read()).hexdigest())
            else: m['type'] = 'other'
            found.append(m)
    return found

json.dump((on_disk if sys.argv[1] == 'disk' else in_tar)(sys.argv[2]), sys.stdout)
`;

async function ask(what: 'disk' | 'tar', path: string): Promise<readonly TreeMember[]> {
  const { moto } = await toolchain();
  const { stdout } = await run(moto.python, ['-c', SCRIPT, what, path], { maxBuffer: 64 * 1024 ** 2 });
  return JSON.parse(stdout) as TreeMember[];
}

/** What lies below a folder, as Python sees it, in the order of an archive. Sockets are left out. */
export const onDisk = (folder: string): Promise<readonly TreeMember[]> => ask('disk', folder);

/** What is in a tar file, packed or not, as Python's own reader sees it. */
export const inTar = (file: string): Promise<readonly TreeMember[]> => ask('tar', file);
