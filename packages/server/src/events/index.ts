export { eventOf, type NewEvent } from './event.ts';
export { appendEvents } from './event-store.ts';
