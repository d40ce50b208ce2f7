// Counts tests for test.mjs: writes {passed, failed, skipped: [{name, why}]} to the file that it names.
// Loaded by vitest beside its own reporter, which shows the tests as they end.
import { writeFileSync } from 'node:fs';

export default class TestReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that could not be loaded has errors and no tests.
      if (module.errors().length) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') counts.passed++;
        else if (state === 'skipped')
          counts.skipped.push({ name: `${module.relativeModuleId}: ${test.fullName}`, why: note });
        else counts.failed++;
      }
      for (const suite of module.children.allSuites()) if (suite.errors().length) counts.failed++;
    }
    if (process.env.MINI_K8S_TEST_COUNTS) writeFileSync(process.env.MINI_K8S_TEST_COUNTS, JSON.stringify(counts));
  }
}
