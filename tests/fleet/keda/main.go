// Reads topics with looks at their offsets as JSON lines and prints what KEDA's Kafka scaler makes of each look: the
// metric in thousandths and whether there is anything to do. The arithmetic is KEDA's own (theirs.go, see extract);
// what asks a broker there is answered from the line here.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/IBM/sarama"
	"github.com/go-logr/logr"
)

const topic = "topic"

type kafkaMetadata struct {
	ConsumerGroup                      string
	LagThreshold                       int64             `json:"lag_threshold"`
	ActivationLagThreshold             int64             `json:"activation"`
	OffsetResetPolicy                  offsetResetPolicy `json:"reset"`
	AllowIdleConsumers                 bool              `json:"allow_idle"`
	ExcludePersistentLag               bool              `json:"exclude_persistent"`
	ScaleToZeroOnInvalidOffset         bool              `json:"zero_on_invalid"`
	LimitToPartitionsWithLag           bool              `json:"limit_to_lag"`
	EnsureEvenDistributionOfPartitions bool              `json:"even"`
}

type offsets struct {
	Committed int64
	End       int64
	Earliest  *int64
}

type kafkaScaler struct {
	metadata        kafkaMetadata
	logger          logr.Logger
	previousOffsets map[string]map[int32]int64
	look            []offsets
}

func (s *kafkaScaler) getTopicPartitions() (map[string][]int32, error) {
	partitions := make([]int32, len(s.look))
	for index := range s.look {
		partitions[index] = int32(index)
	}
	return map[string][]int32{topic: partitions}, nil
}

func (s *kafkaScaler) getConsumerAndProducerOffsets(map[string][]int32) (*sarama.OffsetFetchResponse, map[string]map[int32]partitionOffsets, error) {
	committed := &sarama.OffsetFetchResponse{}
	ends := map[int32]partitionOffsets{}
	for index, partition := range s.look {
		committed.AddBlock(topic, int32(index), &sarama.OffsetFetchResponseBlock{Offset: partition.Committed})
		offsets := partitionOffsets{latestOffset: partition.End}
		if partition.Earliest != nil {
			offsets.earliestOffset, offsets.earliestOffsetFound = *partition.Earliest, true
		}
		ends[int32(index)] = offsets
	}
	return committed, map[string]map[int32]partitionOffsets{topic: ends}, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var given struct {
			kafkaMetadata
			Looks [][]offsets
		}
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			log.Fatal(err)
		}
		scaler := &kafkaScaler{
			metadata: given.kafkaMetadata, logger: logr.Discard(), previousOffsets: map[string]map[int32]int64{},
		}
		result := make([][2]any, 0, len(given.Looks))
		for _, look := range given.Looks {
			scaler.look = look
			metrics, active, err := scaler.GetMetricsAndActivity(context.Background(), "lag")
			if err != nil {
				log.Fatal(err)
			}
			result = append(result, [2]any{metrics[0].Value.MilliValue(), active})
		}
		line, err := json.Marshal(result)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
