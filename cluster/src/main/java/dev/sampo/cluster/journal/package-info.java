/** What must outlive every process: facts in a database, appended before they are acknowledged. */
@NullMarked
package dev.sampo.cluster.journal;

import org.jspecify.annotations.NullMarked;
