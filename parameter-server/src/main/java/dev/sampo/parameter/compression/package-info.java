/** What a gradient may lose before it travels, the same wherever it is lost, and how what is left is laid in fewer bytes. */
@NullMarked
package dev.sampo.parameter.compression;

import org.jspecify.annotations.NullMarked;
