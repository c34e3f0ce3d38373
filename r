topic MTConnect/{machine}/x
