import { alertMessage } from '../libs/nestmeter/src/alert/notify/message.js';
import { channelKinds } from '../libs/nestmeter/src/alert/channel/channel-kinds.js';
import { defaultRules } from '../libs/nestmeter/src/alert/default-rules.js';
import { codeBlocks } from './markdown.js';
import { textOf } from './source-files.js';

const page = 'docs/guides/alerts.md';

describe('the guide to alerts', () => {
  it('shows a message as channels get it', () => {
    const shown = codeBlocks(page, textOf(page)).find(
      ({ language, text }) => language === 'json' && /"told_/.test(text),
    );
    expect(() => alertMessage.strict().parse(JSON.parse(shown!.text))).not.toThrow();
  });

  it('tells of each kind of channel and each default rule', () => {
    const told = new Set(textOf(page).match(/(?<=`)[a-z_]+(?=`)/g));
    const kinds = channelKinds.map(({ options }) => options.shape.kind.value as string);
    const rules = defaultRules({ dailyCostUsd: null, monthlyCostUsd: null }).map(({ name }) => name);
    expect([...kinds, ...rules].filter((name) => !told.has(name))).toEqual([]);
  });
});
