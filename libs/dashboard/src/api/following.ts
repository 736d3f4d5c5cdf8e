import { computed, signal } from '@preact/signals';

/** Whether the viewer has stopped the numbers to look at them. */
export const isPaused = signal(false);

/** Whether the page can be seen; nothing is asked for in the background. */
export const isVisible = signal(document.visibilityState !== 'hidden');
document.addEventListener('visibilitychange', () => {
  isVisible.value = document.visibilityState !== 'hidden';
});

/** Whether the server lets us in: null until it is known. */
export const isAdmitted = signal<boolean | null>(null);

/** Whether anything may be asked for now. */
export const isFollowing = computed(() => isVisible.value && !isPaused.value && isAdmitted.value === true);

/** Milliseconds since 1970, anew every second while the page can be seen; for ages of what is shown. */
export const nowMs = signal(Date.now());
setInterval(() => {
  if (isVisible.value) nowMs.value = Date.now();
}, 1000);
