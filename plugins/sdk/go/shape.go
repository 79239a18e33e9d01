package sdk

// columnShape is how the values of a column are kept.
type columnShape uint8

const (
	shapeNumbers columnShape = iota
	shapeTexts
	shapeLists
	shapePods
	shapeBlobs
)

// shape is how the values of this column are kept.
func (c columnSpec) shape() columnShape {
	switch c.kind {
	case columnName, columnLabel, columnAnnotation, columnCondition:
		return shapeTexts
	case columnLabels, columnTaints, columnImages:
		return shapeLists
	case columnPods:
		return shapePods
	case columnRaw:
		return shapeBlobs
	default:
		return shapeNumbers
	}
}
