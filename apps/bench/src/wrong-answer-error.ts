/** A contender's result is not what the data says: its time means nothing. */
export class WrongAnswerError extends Error {
  override readonly name: string = 'WrongAnswerError';

  constructor(caseName: string, contender: string, expected: string, answer: string) {
    super(`${caseName}: ${contender} answered ${answer}, but the data says ${expected}`);
  }
}
