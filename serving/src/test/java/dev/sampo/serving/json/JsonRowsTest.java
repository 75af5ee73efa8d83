package dev.sampo.serving.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.serving.Samples;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonRowsTest {
    private static ObjectNode json(String text) {
        return Json.object(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void readsATableAndIgnoresColumnsTheModelDoesNotNeed() {
        ObjectNode body = json("{'columns':['label','workclass','age'],"
                + "'rows':[['>50K','Private',39],['x',null,' 40.5 '],['x',7,true],['x','',null]]}");

        assertThat(JsonRows.table(body, Samples.adult()).cells())
                .isDeepEqualTo(new String[][] {{"39", "Private"}, {"40.5", null}, {"1", "7"}, {null, null}});
    }

    @Test
    void readsInstancesAsObjectsAsRowsAndAsBareVectors() {
        assertThat(JsonRows.instances(
                                json("{'instances':[{'age':1,'workclass':'a','label':'?'},[2,'b']]}"), Samples.adult())
                        .cells())
                .isDeepEqualTo(new String[][] {{"1", "a"}, {"2", "b"}});
        assertThat(JsonRows.instances(json("{'instances':[[1,2,3,4],{'pixels':[5,6,7,8]}]}"), Samples.pixels())
                        .values())
                .isDeepEqualTo(new float[][] {{1, 2, 3, 4}, {5, 6, 7, 8}});
        assertThat(JsonRows.instances(json("{'instances':[7,[8]]}"), Samples.house())
                        .cells())
                .isDeepEqualTo(new String[][] {{"7"}, {"8"}});
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | columns: expected an array of at least 1, was nothing",
                "{'columns':['age'],'rows':[[1]]} | columns: missing \"workclass\" that model adult/3 needs",
                "{'columns':['age','age'],'rows':[[1,1]]} | columns[1]: expected a name of its own",
                "{'columns':['age','workclass'],'rows':[]} | rows: expected an array of at least 1, was an array of 0",
                "{'columns':['age','workclass'],'rows':[[1,'a'],[1]]} | rows[1]: expected an array of 2 cells",
                "{'columns':['age','workclass'],'rows':[['x','a']]} | rows[0].age: expected a number, was the text",
                "{'columns':['age','workclass'],'rows':[['NaN','a']]} | rows[0].age: expected a number",
                "{'columns':['age','workclass'],'rows':[[1e999,'a']]} | rows[0].age: expected a number",
                "{'columns':['age','workclass'],'rows':[[[1],'a']]} | rows[0].age: expected a number, was an array",
                "{'columns':['age','workclass'],'rows':[[1,{}]]} | rows[0].workclass: expected a text, was an object",
            })
    void refusesTablesNamingTheCell(String body, String message) {
        assertThatThrownBy(() -> JsonRows.table(json(body), Samples.adult()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'instances':[{'age':1,'workclas':'a'}]} | instances[0]: missing \"workclass\"",
                "{'instances':[{'age':1,'workclas':'a'}]} | did you mean \"workclas\"?",
                "{'instances':[[1]]} | instances[0]: expected an object by column name or an array of 2 cells",
                "{'instances':[7]} | instances[0]: expected an object",
                "{'instances':{}} | instances: expected an array of at least 1, was an object",
            })
    void refusesInstancesNamingTheCell(String body, String message) {
        assertThatThrownBy(() -> JsonRows.instances(json(body), Samples.adult()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[[1,2,3]] | instances[0].pixels: expected an array of 4 numbers, was an array of 3",
                "[[1,2,3,null]] | instances[0].pixels[3]: expected a finite number, was null",
                "[[1,2,3,'4']] | instances[0].pixels[3]: expected a finite number",
                "[[1,2,3,1e39]] | instances[0].pixels[3]: expected a finite number",
                "[7] | instances[0].pixels: expected an array of 4 numbers, was 7",
            })
    void refusesVectorsThatDoNotFit(String instances, String message) {
        assertThatThrownBy(() -> JsonRows.instances(json("{'instances':" + instances + "}"), Samples.pixels()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }
}
