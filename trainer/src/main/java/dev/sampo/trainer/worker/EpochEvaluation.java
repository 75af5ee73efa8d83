package dev.sampo.trainer.worker;

import dev.sampo.cluster.store.Store;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.model.data.Batch;
import dev.sampo.model.data.BatchBuffer;
import dev.sampo.model.data.Selection;
import dev.sampo.model.metric.Evaluation;
import dev.sampo.model.network.Network;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The forward passes of some ranks over the validation data at one epoch's end. Each rank's metrics become a blob of their
 * own, so that the coordinator can merge them in rank order whoever made them.
 */
final class EpochEvaluation {
    private final TrainPlan plan;
    private final int incarnation;
    private final int epoch;
    private final Worker.Assign assignment;
    private final Network.Lane lane;
    private final Network network;
    private final float[] scores;
    private final BatchBuffer buffer = new BatchBuffer();
    private final long beganNanos = System.nanoTime();
    private Evaluation current;
    private int rank;
    private int index;
    private boolean reported;

    EpochEvaluation(
            TrainPlan plan, int incarnation, int epoch, Worker.Assign assignment, Network.Lane lane, Network network) {
        this.plan = plan;
        this.incarnation = incarnation;
        this.epoch = epoch;
        this.assignment = assignment;
        this.lane = lane;
        this.network = network;
        scores = new float[plan.batchSize() * network.outputs()];
        current = Evaluation.of(plan.target(), network.loss());
        rank = plan.evaluationSteps() == 0 ? assignment.hi() : assignment.lo();
    }

    boolean isFinished() {
        return rank == assignment.hi();
    }

    /** True once, when finished. */
    boolean reportOnce() {
        boolean first = isFinished() && !reported;
        reported |= first;
        return first;
    }

    /** The batches needed next, in order, at most {@code count}. */
    List<BatchKey> wanted(int count) {
        List<BatchKey> keys = new ArrayList<>();
        int atRank = rank;
        int at = index;
        while (keys.size() < count && atRank < assignment.hi()) {
            keys.add(new BatchKey(Dataset.VALIDATION, 0, atRank, at));
            if (++at == plan.evaluationSteps()) {
                at = 0;
                atRank++;
            }
        }
        return keys;
    }

    /** Evaluates the next batch if it is there, and may be called again after a failure to write; false if it is not, or all are done. */
    boolean step(BatchQueue queue, Store store) throws IOException {
        if (isFinished()) {
            return false;
        }
        if (index == plan.evaluationSteps()) {
            // Its writing failed.
            return writeRank(store);
        }
        Selection selected = queue.get(new BatchKey(Dataset.VALIDATION, 0, rank, index));
        if (selected == null) {
            return false;
        }
        Batch batch = buffer.gather(selected);
        if (batch.rows() > 0) {
            lane.forward(batch, scores);
            current.add(batch, scores);
        }
        return ++index < plan.evaluationSteps() || writeRank(store);
    }

    private boolean writeRank(Store store) throws IOException {
        store.write(TrainPlan.evaluationBlob(plan.job(), incarnation, epoch, rank), current.toBytes());
        current = Evaluation.of(plan.target(), network.loss());
        index = 0;
        rank++;
        return !isFinished();
    }

    Worker.EpochFinished finished(ActorRef<Worker.Command> self, long retries) {
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        return new Worker.EpochFinished(
                self, incarnation, assignment.generation(), epoch, assignment.lo(), assignment.hi(), seconds, retries);
    }
}
