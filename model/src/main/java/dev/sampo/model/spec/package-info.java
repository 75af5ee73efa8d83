/** Problems of a specification, collected with their paths. */
@NullMarked
package dev.sampo.model.spec;

import org.jspecify.annotations.NullMarked;
