// oxlint-disable-next-line import/no-unassigned-import -- first, since what is imported below reads the language
import './format/language.js';
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './theme.css';
import { followLive } from './api/live.js';
import { findSession } from './api/session.js';
import { App } from './app.js';
import { applyTheme } from './theme.js';

applyTheme();
void findSession();
followLive();
render(<App />, document.getElementById('page')!);
