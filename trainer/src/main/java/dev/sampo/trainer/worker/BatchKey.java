package dev.sampo.trainer.worker;

import dev.sampo.ingestion.stream.Dataset;

/** The address of one mini-batch (invariant I3). */
record BatchKey(Dataset dataset, int epoch, int rank, int index) {}
