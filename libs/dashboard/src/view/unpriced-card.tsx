import type { Answers } from '../api/answers.js';
import { compact, count } from '../format/number.js';
import { linkTo } from '../navigation.js';
import { Card } from '../part/card.js';
import { Figure } from '../part/figure.js';
import { Name } from '../part/name.js';
import { Empty, Skeleton } from '../part/notice.js';
import { type Column, Table } from '../table/table.js';
import { priceCode } from './first-line.js';

type Row = Answers['usage']['unpriced_models'][number];

const columns: readonly Column<Row>[] = [
  {
    key: 'model',
    title: 'Model',
    isText: true,
    value: ({ model }) => model,
    cell: ({ model, provider }) => (
      <Name of={model} detail={provider} href={linkTo({ view: 'providers', names: [provider, model] })} />
    ),
  },
  {
    key: 'unpriced',
    title: 'Unpriced calls',
    value: ({ unpriced_calls: calls }) => calls,
    cell: ({ unpriced_calls: calls }) => <Figure of={count(calls)} />,
  },
  {
    key: 'tokens',
    title: 'Tokens in · out',
    value: ({ input_tokens: input }) => input,
    cell: ({ input_tokens: input, output_tokens: output }) => (
      <>
        <Figure of={compact(input)} /> · <Figure of={compact(output)} />
      </>
    ),
  },
];

/** Models whose price is unknown, so that every cost with them in it is too low. */
export function UnpricedCard({ answer }: { readonly answer: Answers['usage'] | null }) {
  return (
    <Card title="Unpriced models" hint="their calls are in no cost" span="half">
      {answer === null && <Skeleton lines={3} />}
      {answer?.unpriced_models.length === 0 && <p class="soft none">Every call in this window has a price.</p>}
      {answer !== null && answer.unpriced_models.length > 0 && (
        <>
          <Table
            caption="Models whose price is unknown"
            columns={columns}
            rows={answer.unpriced_models}
            id={({ provider, model }) => `${provider} ${model}`}
            order={{ key: 'unpriced', descending: true }}
            most={8}
          />
          <Empty code={priceCode}>Give them a price:</Empty>
        </>
      )}
    </Card>
  );
}
