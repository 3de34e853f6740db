// Takes the arithmetic of KEDA's Kafka scaler out of KEDA's source, word by word, and writes it as a file of the
// program beside this one: `extract DIR FILE`, where DIR holds KEDA's module. The package that it is in cannot be
// built for this, since it is built with the clients of every cloud.
package main

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"slices"
)

var wanted = map[string][]string{
	"kafka_scaler.go": {
		"GetMetricsAndActivity", "getTotalLag", "getLagForPartition", "FindFactors", "partitionOffsets",
		"getNextFactorThatBalancesConsumersToTopicPartitions", "offsetResetPolicy", "latest", "invalidOffset",
	},
	"scaler.go": {"GenerateMetricInMili", "quantityFromFloat64"},
}

const head = `// Code taken from KEDA by extract. DO NOT EDIT.

package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/IBM/sarama"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/metrics/pkg/apis/external_metrics"
)
`

// names are what a declaration declares.
func names(declaration ast.Decl) []string {
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		return []string{declaration.Name.Name}
	case *ast.GenDecl:
		var names []string
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
		return names
	}
	return nil
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("extract DIR FILE")
	}
	var out bytes.Buffer
	out.WriteString(head)
	for _, file := range []string{"kafka_scaler.go", "scaler.go"} {
		path := filepath.Join(os.Args[1], "pkg", "scalers", file)
		source, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, path, source, 0)
		if err != nil {
			log.Fatal(err)
		}
		missing := slices.Clone(wanted[file])
		for _, declaration := range parsed.Decls {
			declared := names(declaration)
			isWanted := slices.ContainsFunc(declared, func(name string) bool { return slices.Contains(missing, name) })
			if !isWanted {
				continue
			}
			missing = slices.DeleteFunc(missing, func(name string) bool { return slices.Contains(declared, name) })
			out.WriteByte('\n')
			out.Write(source[files.Position(declaration.Pos()).Offset:files.Position(declaration.End()).Offset])
			out.WriteByte('\n')
		}
		if len(missing) > 0 {
			log.Fatalf("%s does not declare %v: this is not the version that was read", path, missing)
		}
	}
	formatted, err := format.Source(out.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], formatted, 0o644); err != nil {
		log.Fatal(err)
	}
}
