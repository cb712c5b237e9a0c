// `bootstrap.mjs ready`: only the set-up, for images and CI caches that are made ahead.
import { endTogether } from '../servers/end-together.ts';
import { thisMachine } from './machine.ts';
import { reported, reportLine } from './report-line.ts';
import { ensureToolchain } from './toolchain.ts';

endTogether();
const machine = thisMachine(reportLine);
const { postgres } = await reported(ensureToolchain(machine, { everyPostgresMajor: true }));
reportLine(
  `ready: PostgreSQL ${postgres.map((install) => install.version).join(', ')}, versitygw and moto; kept in ${machine.cache}`,
);
