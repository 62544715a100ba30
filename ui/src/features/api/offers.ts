// What the API of this build can say. The interface and the server come from one commit, so this is known when it is
// built: nothing is asked for that would be refused for being unknown.
import { OFFERS } from "./offers.gen";

/** Whether there is such an operation, and whether it takes this parameter. */
export function offers(operation: string, parameter?: string): boolean {
  const parameters = OFFERS[operation];
  if (!parameters) return false;
  return parameter === undefined || parameters.includes(parameter);
}
