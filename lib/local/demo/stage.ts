import { styleText } from 'node:util';

/** Prints what the demo does: numbered steps, and what each shows. */
export class Stage {
  #step = 0;

  step(title: string): void {
    this.#step += 1;
    this.say(`\n${paint('bold', `${this.#step}. ${title}`)}`);
  }

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  good(line: string): void {
    this.say(`  ${paint('green', '✔')} ${line}`);
  }

  bad(line: string): void {
    this.say(`  ${paint('red', '✖')} ${line}`);
  }

  note(line: string): void {
    this.say(`  ${paint('gray', line)}`);
  }
}

const paint = (style: 'bold' | 'green' | 'red' | 'gray', text: string): string =>
  styleText(style, text, { stream: process.stdout });
