import { afterAll, beforeAll, expect, it } from 'vitest';
import { dateOfSlot, instantOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { documentedKeys, type History, type Night, sundayOf, threeNights } from '../support/example-history.ts';
import { ExampleRig } from '../support/example-rig.ts';

const NIGHTS = threeNights(2);
const [earlier, , last] = NIGHTS;
const sunday = sundayOf(NIGHTS).slot;
const DATE = dateOfSlot(earlier.slot);
/** The date of a folder that appears while the second night is on its way. */
const NEXT_DATE = dayAfter(instantOf(earlier.slot));
const TOMORROW = dayAfter(new Date());

let example: ExampleRig;
const nights: Record<string, Execution> = {};
const keys: Record<string, string[]> = {};

/** What has been run once the night of that number is over. */
const upTo = (n: number): History => ({
  nightly: NIGHTS.slice(0, n + 1).map(({ slot }) => slot),
  folders: { rpps_prod: [DATE], rpps_staging: n === 2 ? [DATE, NEXT_DATE] : [DATE] },
});

beforeAll(async () => {
  const tree = {
    'photo.jpg': 'a photo',
    'cabinets/plan de l’étage.pdf': 'a plan',
    'annuaire/LISEZMOI.txt': 'not dated, not archived',
    [`annuaire/${DATE}/ps.csv`]: 'rpps;nom\n10001234567;Martin\n',
    [`annuaire/${DATE}/structures/mss.csv`]: 'a;b\n',
    [`annuaire/${TOMORROW}/ps.csv`]: 'still being written',
  };
  const files = Object.entries(tree);
  const under = (folder: string) => Object.fromEntries(files.map(([path, content]) => [`${folder}/${path}`, content]));
  const cabinets = `CREATE TABLE cabinet (id int PRIMARY KEY, name text); INSERT INTO cabinet SELECT i, 'cabinet ' || i FROM generate_series(1, 500) i;
    CREATE TABLE praticien (rpps bigint PRIMARY KEY, cabinet int REFERENCES cabinet)`;
  example = await ExampleRig.start('aletheia', {
    databases: {
      aletheia_prod: cabinets,
      aletheia_staging: cabinets,
      aletheia_dev: cabinets,
      umami:
        'CREATE TABLE website_event (id int, url text); INSERT INTO website_event SELECT i, md5(i::text) FROM generate_series(1, 2000) i',
    },
    volumes: { media: { ...under('prod'), ...under('staging') } },
  });
  const [, second] = NIGHTS;
  await run(earlier);
  // what is there when the night has looked around belongs to the next one
  await run(second, () => example.put('media', `staging/annuaire/${NEXT_DATE}/ps.csv`, 'rpps;nom\n'));
  await run(last);
  nights.again = await example.night({ scheduledTime: last.scheduledTime });
  keys.again = await example.keys();
});

afterAll(() => example?.stop());

async function run({ name, scheduledTime }: Night, meanwhile?: () => void): Promise<void> {
  nights[name] = await example.night({ scheduledTime }, meanwhile);
  keys[name] = await example.keys();
}

it.each(NIGHTS.map(({ name, slot }, n) => [name, slot, n] as const))(
  'ends the %s night well, and has exactly the keys that the documents list',
  async (name, slot, n) => {
    expect(nights[name]).toMatchObject({ status: 'SUCCEEDED' });
    // two weeks back, the newest backup is so old that the clock is in doubt
    const complaints = await example.complaints({ slot });
    expect(complaints.filter((text) => name !== 'earlier' || !text.includes('nothing is removed'))).toEqual([]);
    expect(keys[name]).toEqual(documentedKeys('aletheia', upTo(n)));
  },
);

it('has let go of the dailies that are older than 7 days, trees among them, and of no weekly copy', () => {
  const gone = (keys.earlier ?? []).filter((key) => !keys[last.name]?.includes(key));
  expect(gone.filter((key) => !/manifest|members/.test(key)).sort()).toEqual([
    `daily/aletheia_prod_${earlier.slot}.dump`,
    `daily/aletheia_staging_${earlier.slot}.dump`,
    `daily/media_aletheia_prod_${earlier.slot}.tar.gz`,
    `daily/media_aletheia_staging_${earlier.slot}.tar.gz`,
    `daily/umami_${earlier.slot}.dump`,
  ]);
});

it('makes nothing new in a second run of the same night', () => {
  expect(nights.again).toMatchObject({ status: 'SUCCEEDED' });
  expect(keys.again).toEqual(keys[last.name]);
});

it('archives each dated folder once, and says of the one that is not over yet that it waits', async () => {
  const versions = await example.rig.versions('archive/');
  expect(Object.values(versions).every((count) => count === 1)).toBe(true);
  const { notes } = await example.rig.record(last.slot);
  expect(notes).toEqual(
    ['rpps_prod', 'rpps_staging'].map((groupId) => ({
      groupId,
      text: expect.stringContaining(`${TOMORROW} waits for a later run: it is younger than`),
    })),
  );
  expect(await example.opened(`archive/rpps_prod_${DATE}.tar.gz`)).toEqual([
    `${DATE}/`,
    `${DATE}/ps.csv`,
    `${DATE}/structures/`,
    `${DATE}/structures/mss.csv`,
  ]);
});

it('has the media trees without annuaire, by paths that can be unpacked anywhere', async () => {
  for (const environment of ['prod', 'staging']) {
    const members = await example.opened(`daily/media_aletheia_${environment}_${sunday}.tar.gz`);
    expect(members.join('\n')).toContain('photo.jpg');
    expect(members.filter((name) => name.startsWith('/') || /annuaire/.test(name))).toEqual([]);
  }
});

it('has nothing that plain tools do not open', async () => {
  const artifacts = (keys[last.name] ?? []).filter((key) => /\.(dump|tar\.gz)$/.test(key));
  for (const key of artifacts) expect((await example.opened(key)).length, key).toBeGreaterThan(0);
});

it('tells in the report what is not backed up', async () => {
  const [mail] = await example.rig.mails(sunday);
  for (const what of ['Redis', 'Loki', 'Docker', 'development databases']) expect(mail?.message).toContain(what);
});

function dayAfter(instant: Date): string {
  return new Date(instant.getTime() + 86_400_000).toISOString().slice(0, 10);
}
