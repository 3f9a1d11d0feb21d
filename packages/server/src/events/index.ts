export { eventOf, type NewEvent, publicId, type RecordKind } from './event.ts';
export { appendEvents, appendPlacedEvents, type WrittenEvent } from './event-store.ts';
