import type { ComponentChildren } from 'preact';
import { shownText } from '../format/text.js';

/** A step on the way down to a drill-down. */
export type Crumb = readonly [text: string, href: string];

interface ViewTitleProps {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  /** Beside the title, such as how it is. */
  readonly beside?: ComponentChildren;
  /** At the end of the line, such as a filter. */
  readonly children?: ComponentChildren;
}

/** What a view is about, where it is, and what it can be narrowed by. */
export function ViewTitle({ title, crumbs = [], beside, children }: ViewTitleProps) {
  return (
    <div class="title-row">
      <div class="titles">
        {crumbs.length > 0 && (
          <div class="crumb">
            {crumbs.map(([text, href]) => (
              <span key={href}>
                <a href={href}>
                  <bdi>{shownText(text)}</bdi>
                </a>{' '}
                /{' '}
              </span>
            ))}
          </div>
        )}
        <h1>
          <bdi>{shownText(title)}</bdi>
        </h1>
      </div>
      {beside}
      {children !== undefined && <div class="end">{children}</div>}
    </div>
  );
}
