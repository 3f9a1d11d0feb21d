/**
 * Header of answers to changes, and of reads that a replica may serve: how far a replica must have come. Opaque but for its order: of two
 * tokens the greater text is the later. A read may say `any` instead; `primary` is that no replica will do. Lower case; the same name in
 * the metadata of gRPC.
 */
export const consistencyHeader = 'crosswalk-consistency-token';
