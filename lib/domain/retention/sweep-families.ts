import { type ArtifactName, type ArtifactPart, artifactKey } from '../backup/keys.ts';
import { instantOf } from '../time/slot.ts';

/** An artifact's key, and what a listing shows of what belongs to it. */
export interface Family {
  readonly artifact: string;
  /** Keys of the artifact itself and of lists of its members. */
  readonly parts: string[];
  present: boolean;
  manifest: boolean;
  /** When it was last known to be worked on. */
  at: number;
}

/** Brings together what belongs together, from keys in the order of a listing; holds one name's keys at a time. */
export class Families {
  #open = new Map<string, Family>();
  #stem = '';
  #last = '';
  #ordered = true;

  /** Whether all keys came in order. If not, a family may have been taken for several. */
  get ordered(): boolean {
    return this.#ordered;
  }

  /** Takes in one key; returns the families that are complete by now. */
  see(key: string, name: ArtifactName & { readonly part: ArtifactPart }, writtenAt: number): readonly Family[] {
    this.#ordered &&= key > this.#last;
    this.#last = key;
    // ids have no dots, so all that belongs to an artifact stands together and begins alike up to the first of them
    const stem = key.slice(0, key.indexOf('.'));
    const ended = stem === this.#stem ? [] : this.end();
    this.#stem = stem;

    const family = this.#familyOf(artifactKey(name));
    // the date of an archive is that of its data; any other slot says when its run began, even where a copy is older
    const slot = name.tier === 'archive' ? Number.NEGATIVE_INFINITY : instantOf(name.slot).getTime();
    family.at = Math.max(family.at, slot, writtenAt);
    if (name.part === 'manifest') family.manifest = true;
    else family.parts.push(key);
    family.present ||= name.part === 'artifact';
    return ended;
  }

  /** The families that are left when there are no more keys. */
  end(): readonly Family[] {
    const ended = [...this.#open.values()];
    this.#open = new Map();
    return ended;
  }

  #familyOf(artifact: string): Family {
    const known = this.#open.get(artifact);
    if (known) return known;
    const family: Family = { artifact, parts: [], present: false, manifest: false, at: Number.NEGATIVE_INFINITY };
    this.#open.set(artifact, family);
    return family;
  }
}
