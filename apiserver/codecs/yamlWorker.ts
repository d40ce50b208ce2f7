// The thread that reads long YAML. Asked by yamlAside.ts with a text, answers with what it says or why it says nothing.
import { parentPort } from 'node:worker_threads';
import { readYaml } from './readYaml.ts';
import type { YamlAnswer } from './yamlAside.ts';

parentPort!.on('message', (text: string) => parentPort!.postMessage(answerTo(text)));

function answerTo(text: string): YamlAnswer {
  try {
    return readYaml(text);
  } catch (error) {
    return { error: (error as Error).message };
  }
}
