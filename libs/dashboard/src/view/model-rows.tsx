import type { Answers, Model, Provider, Rule } from '../api/answers.js';
import { linkTo } from '../navigation.js';
import { Dot, Name } from '../part/name.js';
import type { Column } from '../table/table.js';
import { callColumns, modelCalls, providerCalls } from './call-columns.js';

/** A model of a provider. */
export interface ModelRow {
  readonly provider: string;
  readonly name: string;
  readonly model: Model;
}

/** A provider by its name. */
export type ProviderRow = readonly [name: string, provider: Provider];

/** All models of all providers. */
export function modelRows({ providers }: Answers['providers']): ModelRow[] {
  return Object.entries(providers).flatMap(([provider, { model_stats: models }]) =>
    Object.entries(models).map(([name, model]) => ({ provider, name, model })),
  );
}

/** Columns of a table of models. */
export function modelColumns(rules: readonly Rule[]): Column<ModelRow>[] {
  return [
    {
      key: 'name',
      title: 'Model',
      isText: true,
      value: ({ name }) => name,
      cell: ({ name, provider }) => (
        <Name of={name} detail={provider} href={linkTo({ view: 'providers', names: [provider, name] })} />
      ),
    },
    ...callColumns<ModelRow>(rules, ({ model }) => modelCalls(model)),
  ];
}

/** The colour of a provider's health. */
export const healthTones = { healthy: 'ok', degraded: 'warn', critical: 'bad', unknown: 'plain' } as const;

/** Columns of a table of providers. */
export function providerColumns(rules: readonly Rule[]): Column<ProviderRow>[] {
  return [
    {
      key: 'name',
      title: 'Provider',
      isText: true,
      value: ([name]) => name,
      cell: ([name, { health }]) => (
        <span class="with-dot">
          <Dot tone={healthTones[health]} meaning={health} />
          <Name of={name} href={linkTo({ view: 'providers', names: [name] })} />
        </span>
      ),
    },
    ...callColumns<ProviderRow>(rules, ([, provider]) => providerCalls(provider)),
  ];
}
