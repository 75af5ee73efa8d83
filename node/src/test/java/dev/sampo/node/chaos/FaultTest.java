package dev.sampo.node.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.cluster.Role;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans as a person writes them, and what is wrong in them. */
class FaultTest {
    @Test
    void aPlanIsReadAsItStands() {
        String plan =
                "kill worker; kill coordinator ps; drain ps; freeze worker 30; cut worker ps 10; scale worker 4; wait 5; kill all";
        List<Fault> faults = Fault.plan(plan);
        assertThat(faults.stream().map(Fault::toString)).containsExactly(plan.split("; "));
        assertThat(faults.get(1).roles()).containsExactly(Role.COORDINATOR, Role.PS);
        assertThat(Fault.plan("freeze worker 30s").get(0).amount()).isEqualTo(30);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''            | the plan is empty",
                "burn worker   | \"burn\" is none of kill, drain, freeze, cut, scale, wait",
                "kill wroker   | unknown role \"wroker\"",
                "kill          | whom?",
                "drain all     | whom?",
                "freeze worker | must end with seconds",
                "scale worker  | must end with a number of nodes",
                "scale worker 0| at least one node must stay",
                "scale 3       | whom?",
                "cut worker 10 | a link has two ends",
            })
    void whatIsWrongIsNamed(String plan, String message) {
        assertThatThrownBy(() -> Fault.plan(plan == null ? "" : plan))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void chanceIsOfItsSeedAlone() {
        assertThat(Fault.random(50, 7)).isEqualTo(Fault.random(50, 7)).isNotEqualTo(Fault.random(50, 8));
        Fault.random(50, 7)
                .forEach(fault -> assertThat(Fault.plan(fault.toString())).containsExactly(fault));
    }
}
