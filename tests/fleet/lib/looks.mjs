// What the autoscaler's controller and KEDA did, look by look, out of what they log.

import { readFileSync } from "node:fs";

/** The controller's time is of the day, in this machine's zone. */
function timeOfDay(text) {
  const [, month, day, clock] = text.match(/^[IE](\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d+)/);
  return new Date(`${new Date().getFullYear()}-${month}-${day}T${clock.slice(0, 12)}`).getTime();
}

/** Each time that the controller decided on `namespace/name`: when, from how many replicas, and to how many. */
export function decisions(log, { namespace, name }) {
  const found = [];
  for (const line of readFileSync(log, "utf8").split("\n")) {
    if (!line.includes(" horizontal.go:")) continue;
    const number = (key) => Number(line.match(new RegExp(`${key}=(\\d+)`))[1]);
    if (line.includes(`"Successfully rescaled" HPA="${namespace}/${name}"`)) {
      found.push({ atMs: timeOfDay(line), from: number("currentReplicas"), to: number("desiredReplicas") });
    } else if (line.includes('"Decided not to scale"') && line.includes(`Deployment/${namespace}/${name}"`)) {
      found.push({ atMs: timeOfDay(line), from: number("desiredReplicas"), to: number("desiredReplicas") });
    } else if (line.includes(`listed metrics for Deployment/${namespace}/${name}:`)) {
      found.push({ atMs: timeOfDay(line), from: null, to: null });
    }
  }
  return found;
}

/** Each lag that KEDA found on its only topic, before it is capped. */
export function lags(log) {
  const found = [];
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const lag = line.match(/Providing metrics based on totalLag (\d+)/);
    if (lag) found.push({ atMs: new Date(JSON.parse(line).ts).getTime(), lag: Number(lag[1]) });
  }
  return found;
}

/** The latest of what was noted until then. */
export const at = (notes, ms) => notes.findLast((note) => note.atMs <= ms);
