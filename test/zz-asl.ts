import aslValidator from 'asl-validator';
import { definitionOf, synthesized } from '../test/support/synthesized.ts';
const d = definitionOf(synthesized().resources);
console.log(JSON.stringify(d.States.Plan,null,1), JSON.stringify(d.States.Refused));
const r = aslValidator(structuredClone(d));
console.log(JSON.stringify(r.errors,null,1).slice(0,3000));
