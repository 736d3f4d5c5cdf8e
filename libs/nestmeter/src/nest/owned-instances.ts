import type { ModulesContainer } from '@nestjs/core';

/**
 * Everything that Nest made for one application and keeps: what decides which monitor a decorated method belongs to when
 * nothing around the call says so. Request-scoped providers are made later; the request they serve says it.
 */
export function* ownedInstances(modules: ModulesContainer): Generator<object> {
  for (const { providers, controllers, injectables } of modules.values())
    for (const collection of [providers, controllers, injectables])
      for (const wrapper of collection.values()) {
        const instance: unknown = wrapper.instance;
        if (typeof instance === 'object' && instance !== null) yield instance;
      }
}
