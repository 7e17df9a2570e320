import { styleText } from 'node:util';

/** What colours and bars may be used on an output. */
export interface Terminal {
  readonly stream: NodeJS.WriteStream;
  /** Somebody is watching: bars may be redrawn. */
  readonly interactive: boolean;
}

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Text in a style where the output shows it: not in files and pipes, not under NO_COLOR. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  return styleText(style, text, { stream: terminal.stream });
}

export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return { stream, interactive: stream.isTTY === true };
}
