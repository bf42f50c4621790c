// cdktf keeps the stack of calls of every token; under jest, which maps each line of it to its source, that is a tenth of the
// time of a synthesis. What a synthesis says of it has a suite of its own, on the program as it is built.
exports.captureStackTrace = () => [];
