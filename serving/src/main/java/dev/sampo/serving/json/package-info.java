/** Raw rows and predictions as JSON: tensors of the Open Inference Protocol, instances, tables. Pure. */
@NullMarked
package dev.sampo.serving.json;

import org.jspecify.annotations.NullMarked;
