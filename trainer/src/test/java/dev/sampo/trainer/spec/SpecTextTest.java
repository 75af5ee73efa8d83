package dev.sampo.trainer.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecTextTest {
    /** What a plain scalar is, and how it reads where a text is wanted, such as a label. */
    @ParameterizedTest
    @CsvSource({
        "3, NUMBER, 3",
        "+1, NUMBER, 1",
        "-0.5, NUMBER, -0.5",
        "1.50, NUMBER, 1.50",
        "1e-3, NUMBER, 0.001",
        ".5, NUMBER, 0.5",
        ".inf, NUMBER, Infinity",
        "-.inf, NUMBER, -Infinity",
        ".nan, NUMBER, NaN",
        "1e999, NUMBER, Infinity",
        "1e-999999999, NUMBER, 0.0",
        "99999999999, NUMBER, 99999999999",
        "99999999999999999999, NUMBER, 99999999999999999999",
        "true, BOOLEAN, true",
        "yes, STRING, yes",
        "no, STRING, no",
        "on, STRING, on",
        "010, STRING, 010",
        "0x10, STRING, 0x10",
        "1_000, STRING, 1_000",
        "1:30, STRING, 1:30",
        "2026-01-01, STRING, 2026-01-01",
        "'\"3\"', STRING, 3",
        "~, NULL, null"
    })
    void scalarsAreWhatTheyLookLike(String scalar, String type, String text) throws Exception {
        JsonNode node = SpecText.yaml("x: " + scalar).path("x");
        assertThat(node.getNodeType()).hasToString(type);
        assertThat(node.asText()).isEqualTo(text);
    }

    @Test
    void anchorsAreFollowed() throws Exception {
        assertThat(SpecText.yaml("a: &a {b: [1, 2]}\nc: *a"))
                .isEqualTo(SpecText.json("{\"a\": {\"b\": [1, 2]}, \"c\": {\"b\": [1, 2]}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: b\\n\\tc: 3 | line 2, column 1: found character '\\t(TAB)' that cannot start any token",
                "a: [1 | line 1, column 6: expected ',' or ']', but got <stream end>",
                "a: 1\\nb: 2\\na: 3 | line 3, column 1: Duplicate key a",
                "a: *b | line 1, column 4: found undefined alias b",
                "a: &a [*a] | does an alias stand in itself?",
                "[a]: 1 | a key must be plain text"
            })
    void whatIsNotYamlIsNamedByItsLine(String text, String message) {
        assertThatThrownBy(() -> SpecText.yaml(text.replace("\\n", "\n").replace("\\t", "\t")))
                .isInstanceOf(SpecException.class)
                .hasMessageContaining(message);
    }

    /** Aliases of aliases would be a text of a few lines that fills the memory. */
    @Test
    void aliasesDoNotMultiply() {
        StringBuilder text = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i <= 30; i++) {
            text.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertThatThrownBy(() -> SpecText.yaml(text.toString())).isInstanceOf(SpecException.class);
    }

    @Test
    void eitherLanguageIsRead() throws Exception {
        JsonNode expected = SpecText.json("{\"a\": 1}");
        assertThat(SpecText.read("a: 1")).isEqualTo(expected);
        assertThat(SpecText.read("{\n\t\"a\": 1}")).as("JSON may have tabs").isEqualTo(expected);
        assertThat(SpecText.read("{a: 1}")).as("YAML in flow style").isEqualTo(expected);
        assertThatThrownBy(() -> SpecText.read("{\"a\": 1,,}")).hasMessageStartingWith("line 1, column ");
        assertThatThrownBy(() -> SpecText.json("{\"a\": 1} x")).isInstanceOf(SpecException.class);
        assertThatThrownBy(() -> SpecText.json("{\"a\": 1, \"a\": 2}")).hasMessageContaining("Duplicate");
    }
}
